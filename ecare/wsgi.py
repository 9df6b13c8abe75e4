import os

from django.core.wsgi import get_wsgi_application

from ecare import bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecare.settings.prod")

application = bodies.whole(get_wsgi_application())
