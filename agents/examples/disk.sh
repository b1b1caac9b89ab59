#!/bin/sh
# An agent for the shell: whatever it is asked, it says how full the disk is.
# docs/process-agents.md explains each line that goes over the wire.

# Return what is read as a JSON text.
quoted() {
    printf '"%s"' "$(sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g' | awk '{ printf "%s%s", sep, $0; sep = "\\n" }')"
}

read -r turn

call="disk-$$-$(date +%s)"
printf '{"type":"preview","activity":"looking at the disk"}\n'
printf '{"type":"called","call":"%s","name":"df","arguments":{"path":"/"}}\n' "$call"
read -r recorded # the call is in the log, so the tool may start

if result=$(df -Pk / 2>&1); then failed=false; else failed=true; fi
printf '{"type":"returned","call":"%s","result":%s,"failed":%s}\n' \
    "$call" "$(printf '%s' "$result" | quoted)" "$failed"

answer="This is how full the disk is:

\`\`\`
$result
\`\`\`"
printf '{"type":"ended","text":%s}\n' "$(printf '%s' "$answer" | quoted)"
