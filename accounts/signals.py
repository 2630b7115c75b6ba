"""What accounts tells the layers above."""

from django.dispatch import Signal

# A mail about an account is due. Sent inside a transaction, so that whoever writes it down writes it for good or not
# at all; plain `send`, so an error of the receiver undoes the request. Arguments:
#
#   kind       "login_code", "email_confirmation" or "security_notice": which message it is
#   recipient  the User, or None where we do not ask who it is (a sign-in code goes to a mailbox, known or not)
#   email      the address to write to; for a changed address this is the old one
#   context    plain values for the message's templates. It holds the code, so it must not be stored readable:
#                login_code          {"code": "123 456", "minutes": 10}
#                email_confirmation  {"code": "123 456", "minutes": 10}
#                security_notice     {"change": "password_changed", "sentence": "The password … was changed.",
#                                     "at": "2026-11-24T17:00:00+00:00"}
account_mail_due = Signal()
