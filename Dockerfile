# A server without a screen: see docs/serve.md, and compose.yaml for how to run it.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY fakeface fakeface
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check '.[c2pa,serve]'

FROM python:3.12-slim
COPY --from=build /venv /venv
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fakeface
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8300
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8300/healthz', timeout=4)"]
ENTRYPOINT ["fakeface"]
CMD ["serve", "--host", "0.0.0.0", "--no-browser"]
