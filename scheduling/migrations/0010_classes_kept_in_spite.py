from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0009_indexes_beside_the_running_system'),
    ]

    operations = [
        migrations.AddField(
            model_name='closure',
            name='kept',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to='scheduling.slot'),
        ),
        migrations.AddField(
            model_name='timeoff',
            name='kept',
            field=models.ManyToManyField(blank=True, editable=False, related_name='+', to='scheduling.slot'),
        ),
    ]
