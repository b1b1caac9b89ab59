/** What rings for whoever looks: which messages, and in which hours none. */

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class NotifyForm {
  #shown = "";

  /** @param {any} form @param {(chosen: Record<string, any>) => Promise<void>} choose */
  constructor(form, choose) {
    this.form = form;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      choose(this.#chosen());
    });
    form.addEventListener("change", () => this.#enable());
  }

  #fields = () => /** @type {any} */ (this.form.elements);

  /** Show what holds; what is being chosen stays. @param {any} notify  null: it is not known */
  show(notify) {
    this.form.hidden = !notify;
    const now = JSON.stringify(notify);
    if (!notify || now === this.#shown) return;
    this.#shown = now;
    const { mode, quiet, begins, ends, zone, questions } = this.#fields();
    mode.value = notify.mode;
    quiet.checked = notify.quiet !== null;
    begins.value = notify.quiet?.begins ?? "22:00";
    ends.value = notify.quiet?.ends ?? "07:00";
    zone.value = notify.quiet?.zone ?? ZONE;
    questions.checked = notify.quiet?.questions ?? true;
    this.#enable();
  }

  #enable() {
    const { quiet, hours } = this.#fields();
    hours.disabled = !quiet.checked;
  }

  #chosen() {
    const { mode, quiet, begins, ends, zone, questions } = this.#fields();
    const hours = {
      begins: begins.value,
      ends: ends.value,
      zone: zone.value.trim() || ZONE,
      questions: questions.checked,
    };
    return { mode: mode.value, quiet: quiet.checked ? hours : null };
  }
}
