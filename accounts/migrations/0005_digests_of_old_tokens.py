from django.db import migrations

# The table of rest_framework.authtoken, which is installed no more; a new database never had it. Tokens go on working.
CARRY_OVER = """
DO $$ BEGIN
    IF to_regclass('authtoken_token') IS NOT NULL THEN
        INSERT INTO accounts_apitoken (user_id, digest, name, created_at)
        SELECT user_id, encode(sha256(convert_to(key, 'UTF8')), 'hex'), '', created FROM authtoken_token;
        DROP TABLE authtoken_token;
        DELETE FROM django_migrations WHERE app = 'authtoken';
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_api_tokens")]

    operations = [migrations.RunSQL(CARRY_OVER, migrations.RunSQL.noop)]
