# One image for the web server, the workers, beat and the migrations: see docker-compose.yml.
FROM python:3.13-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
WORKDIR /build
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv uv && uv/bin/pip install --quiet --require-hashes --requirement requirements-uv.txt
RUN uv/bin/uv venv /venv \
 && uv/bin/uv pip sync --require-hashes --compile-bytecode --python /venv/bin/python requirements.txt

FROM python:3.13-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      fonts-dejavu-core libharfbuzz-subset0 libmagic1 libpangoft2-1.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin ecare \
 && install -d -o ecare -g ecare /var/lib/ecare
COPY --from=packages /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=ecare.settings.prod VAR_DIR=/var/lib/ecare STATIC_ROOT=/app/collected XDG_CACHE_HOME=/tmp \
    MALLOC_MMAP_THRESHOLD_=1048576
WORKDIR /app
COPY . .
# The names of static files carry their content: they are made with the image, and no secret is needed for that.
RUN SECRET_KEY=of-the-image-only-0123456789abcdefghijklm FINGERPRINT_KEY=of-the-image-only-0123456789abcdefghijklm \
    ENCRYPTION_KEYS=b2YtdGhpcy1jaGVjay1vbmx5LTAxMjM0NTY3ODlhYmM= ALLOWED_HOSTS=build PUBLIC_URL=https://build EMAIL_URL=smtp://build \
    DATABASE_URL=postgres://build/build REDIS_URL=redis://build CLAMAV_ADDRESS=build:1 \
    python manage.py collectstatic --noinput --verbosity 0 \
 && python -m compileall -q accounts dossiers ecare establishments funding notifications
USER ecare
VOLUME /var/lib/ecare
EXPOSE 8000
CMD ["gunicorn", "ecare.wsgi", "--preload", "--workers", "2", "--threads", "8", "--no-control-socket", "--bind", "0.0.0.0:8000"]
