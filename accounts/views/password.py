"""« Mot de passe oublié ? » and « Modifier le mot de passe » (A6)."""

import uuid

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, forms, links, lockout, workflow
from accounts.models import User
from ecare import limits


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ends every other session; this one changes its key."""
    user = access.person(request)
    form = forms.PasswordChangeForm(user, forms.posted(request))
    if form.is_valid():
        current = form.cleaned_data["old_password"]
        if lockout.authenticate(request, identifier=user.username, password=current) == user:
            new_password, key = form.cleaned_data["new_password1"], request.session.session_key
            workflow.change_password(user, new_password=new_password, by=user, session_key=key)
            auth.update_session_auth_hash(request, user)
            messages.success(
                request,
                "Votre mot de passe est modifié. Vos autres sessions sont fermées et un e-mail vous le confirme.",
            )
            return redirect("accounts:account")
        form.add_error("old_password", "Ce n'est pas votre mot de passe actuel. Saisissez-le de nouveau.")
    return render(request, "accounts/password_change.html", {"form": form})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits.by_address(links.REQUESTS, "POST")
def reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for any address (Q8)."""
    form = forms.EmailForm(forms.posted(request))
    if form.is_valid():
        workflow.request_password_reset(form.cleaned_data["email"])
        return redirect("accounts:password-reset-sent")
    return render(request, "accounts/password_reset.html", {"form": form})


@login_not_required
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_reset_sent.html")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def reset_confirm(request: HttpRequest, public_id: uuid.UUID, token: str) -> HttpResponse:
    """Choose a password with the link received. Opening the page uses nothing up, sending it does, once (Q9).
    Nobody is signed in by it: the password and a code are still asked for (Q10)."""
    user = User.objects.filter(public_id=public_id).first()
    if user is None or not links.is_password_reset(user, token):
        return render(request, "accounts/password_reset_void.html", status=410)
    form = forms.NewPasswordForm(user, forms.posted(request))
    if form.is_valid():
        try:
            workflow.reset_password(user, token=token, new_password=form.cleaned_data["new_password1"])
        except workflow.Refused:
            return render(request, "accounts/password_reset_void.html", status=410)
        lockout.forget(user.username, user.email)
        messages.success(request, "Votre mot de passe est enregistré. Connectez-vous avec ce nouveau mot de passe.")
        return redirect("accounts:sign-in")
    return render(request, "accounts/password_reset_confirm.html", {"form": form})
