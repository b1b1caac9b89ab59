ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/bridgehead
COPY requirements.lock ./
RUN /opt/bridgehead/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bridge bridge
COPY channels channels
COPY agents agents
COPY storage storage
COPY demo demo
RUN /opt/bridgehead/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin bridgehead \
    && install -d -o bridgehead -g bridgehead -m 700 /data
COPY --from=build /opt/bridgehead /opt/bridgehead
ENV PATH=/opt/bridgehead/bin:$PATH BRIDGE_DATA=/data PYTHONUNBUFFERED=1
WORKDIR /data
USER bridgehead
VOLUME /data
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8787/readyz', timeout=4)"]
ENTRYPOINT ["bridge"]
# inside the container every interface; outside, only what is published
CMD ["run", "--host", "0.0.0.0", "--port", "8787"]
