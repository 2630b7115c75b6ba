from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0003_one_booking_per_order")]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="given_up_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="given up"),
        ),
    ]
