# syntax=docker/dockerfile:1
# Three stages: build the front end, install the Python packages, and run with neither tool chain.

FROM node:24-slim AS front-end
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY website website
COPY accounts accounts
COPY booking booking
COPY notifications notifications
COPY payments payments
COPY scheduling scheduling
RUN npm run build

FROM python:3.13-slim AS packages
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --no-create-home sukha
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/sukha
COPY . .
COPY --from=front-end /src/website/static/build website/static/build
# Collecting needs settings, not their secrets: these values live for this one line only.
RUN SECRET_KEY=build ENCRYPTION_KEYS=build SITE_URL=https://build.invalid ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://build REDIS_URL=redis://build EMAIL_URL=consolemail:// \
    STRIPE_SECRET_KEY=build STRIPE_WEBHOOK_SECRET=build \
    python manage.py collectstatic --no-input \
    && python -m compileall -q .
USER sukha
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "1", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "30", \
     "--log-level", "warning", "config.wsgi:application"]
