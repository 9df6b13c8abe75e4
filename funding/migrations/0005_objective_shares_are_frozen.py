from django.db import migrations

FREEZE = """
CREATE TRIGGER objective_share_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON funding_objectiveshare
    FOR EACH ROW EXECUTE FUNCTION funding_schedule_part_is_frozen();
"""
THAW = "DROP TRIGGER objective_share_is_frozen ON funding_objectiveshare;"


class Migration(migrations.Migration):
    dependencies = [("funding", "0004_shares_of_the_shipped_bareme")]
    operations = [migrations.RunSQL(FREEZE, THAW)]
