from django.db import migrations

# Interviews were lines of history alone: each goes to the control that was under way then, the last one opened.
CARRY = """
INSERT INTO funding_interview (control_id, text, noted_by_id, noted_at)
SELECT control.id, event.message, event.actor_id, event.at
FROM dossiers_event AS event
JOIN funding_grant AS subsidy ON subsidy.dossier_id = event.dossier_id
CROSS JOIN LATERAL (
    SELECT one.id
    FROM funding_control AS one
    WHERE one.grant_id = subsidy.id
    ORDER BY one.opened_at <= event.at DESC, CASE WHEN one.opened_at <= event.at THEN -one.number ELSE one.number END
    LIMIT 1
) AS control
WHERE event.kind = 'control_noted' AND event.actor_id IS NOT NULL AND event.message <> ''
ORDER BY event.at, event.id;
"""

# Its keys are checked before the table may have a trigger.
KEEP = """
SET CONSTRAINTS ALL IMMEDIATE;

CREATE FUNCTION funding_interview_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an interview is kept as it was noted' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER interview_is_kept BEFORE UPDATE OR DELETE ON funding_interview
    FOR EACH ROW EXECUTE FUNCTION funding_interview_is_kept();
"""

FORGET = """
DROP TRIGGER interview_is_kept ON funding_interview;
DROP FUNCTION funding_interview_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0024_interviews")]
    # Backwards, what history says stays in history.
    operations = [migrations.RunSQL(CARRY, migrations.RunSQL.noop), migrations.RunSQL(KEEP, FORGET)]
