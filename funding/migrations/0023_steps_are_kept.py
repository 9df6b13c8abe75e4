from django.db import migrations

# Every source is seen by a trigger. The lock of the dossier, which each change of a source takes, keeps two of them apart.
KEEP = """
-- The steps as they should stand: of these étapes, of all for NULL. `queries.subsidies.step_of` says the same of one.
CREATE FUNCTION funding_steps_now(keys bigint[]) RETURNS SETOF funding_subsidystep LANGUAGE sql STABLE AS $$
    SELECT passage.id, stage.guichet_id,
           CASE WHEN granted.id IS NULL THEN 'a-accorder'
                WHEN NOT granted.needs_agreement OR agreement.state = 'accepted' THEN 'accordees'
                WHEN agreement.state IS NULL THEN 'a-envoyer'
                WHEN agreement.state = 'signed' THEN 'a-controler'
                ELSE 'a-signer' END,
           passage.decided_at
      FROM dossiers_dossierstage passage
      JOIN dossiers_stage stage ON stage.id = passage.stage_id AND stage.entry = 'start'
      LEFT JOIN funding_grant granted ON granted.dossier_id = passage.dossier_id
      LEFT JOIN funding_agreement agreement ON agreement.grant_id = granted.id AND agreement.state <> 'replaced'
     WHERE passage.status = 'validated' AND (keys IS NULL OR passage.id = ANY (keys))
       AND EXISTS (SELECT FROM dossiers_transmission
                    WHERE dossier_stage_id = passage.id AND schedule_id IS NOT NULL)
$$;

CREATE FUNCTION funding_write_steps(keys bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(keys) = 0 THEN RETURN; END IF;
    DELETE FROM funding_subsidystep kept WHERE dossier_stage_id = ANY (keys) AND NOT EXISTS (
        SELECT FROM funding_steps_now(keys) now WHERE now.dossier_stage_id = kept.dossier_stage_id);
    INSERT INTO funding_subsidystep SELECT * FROM funding_steps_now(keys)
        ON CONFLICT (dossier_stage_id) DO UPDATE
        SET (guichet_id, step, decided_at) = ROW (excluded.guichet_id, excluded.step, excluded.decided_at)
        WHERE (funding_subsidystep.*) IS DISTINCT FROM (excluded.*);
END $$;

CREATE FUNCTION funding_step_of_passage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funding_write_steps(ARRAY[coalesce(NEW.id, OLD.id)]);
    RETURN NULL;
END $$;

CREATE FUNCTION funding_step_of_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funding_write_steps(ARRAY(
        SELECT id FROM dossiers_dossierstage WHERE dossier_id = coalesce(NEW.dossier_id, OLD.dossier_id)));
    RETURN NULL;
END $$;

CREATE FUNCTION funding_step_of_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funding_write_steps(ARRAY(
        SELECT passage.id FROM funding_grant granted
          JOIN dossiers_dossierstage passage ON passage.dossier_id = granted.dossier_id
         WHERE granted.id = coalesce(NEW.grant_id, OLD.grant_id)));
    RETURN NULL;
END $$;

CREATE FUNCTION funding_step_of_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funding_write_steps(ARRAY(SELECT id FROM dossiers_dossierstage WHERE stage_id = NEW.id));
    RETURN NULL;
END $$;

-- A volume of measure writes étapes before what they transmitted.
CREATE FUNCTION funding_step_of_transmissions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funding_write_steps(ARRAY(
        SELECT passage.id FROM new_rows JOIN dossiers_dossierstage passage ON passage.id = new_rows.dossier_stage_id
         WHERE new_rows.schedule_id IS NOT NULL AND passage.status = 'validated'));
    RETURN NULL;
END $$;

CREATE TRIGGER step_of_passage_added AFTER INSERT ON dossiers_dossierstage
    FOR EACH ROW WHEN (NEW.status = 'validated') EXECUTE FUNCTION funding_step_of_passage();
CREATE TRIGGER step_of_passage_changed AFTER UPDATE OF status, decided_at, stage_id ON dossiers_dossierstage
    FOR EACH ROW WHEN (
        (OLD.status = 'validated' OR NEW.status = 'validated')
        AND (OLD.status, OLD.decided_at, OLD.stage_id) IS DISTINCT FROM (NEW.status, NEW.decided_at, NEW.stage_id)
    ) EXECUTE FUNCTION funding_step_of_passage();
CREATE TRIGGER step_of_passage_deleted AFTER DELETE ON dossiers_dossierstage
    FOR EACH ROW WHEN (OLD.status = 'validated') EXECUTE FUNCTION funding_step_of_passage();
CREATE TRIGGER step_of_grant_changed AFTER INSERT OR DELETE OR UPDATE OF needs_agreement ON funding_grant
    FOR EACH ROW EXECUTE FUNCTION funding_step_of_grant();
CREATE TRIGGER step_of_agreement_changed AFTER INSERT OR DELETE OR UPDATE OF state ON funding_agreement
    FOR EACH ROW EXECUTE FUNCTION funding_step_of_agreement();
CREATE TRIGGER step_of_stage_changed AFTER UPDATE OF entry ON dossiers_stage
    FOR EACH ROW WHEN (OLD.entry <> NEW.entry) EXECUTE FUNCTION funding_step_of_stage();
CREATE TRIGGER step_of_transmission_added AFTER INSERT ON dossiers_transmission
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION funding_step_of_transmissions();

INSERT INTO funding_subsidystep SELECT * FROM funding_steps_now(NULL);
"""

FORGET = """
DROP FUNCTION funding_step_of_transmissions() CASCADE;
DROP FUNCTION funding_step_of_stage() CASCADE;
DROP FUNCTION funding_step_of_agreement() CASCADE;
DROP FUNCTION funding_step_of_grant() CASCADE;
DROP FUNCTION funding_step_of_passage() CASCADE;
DROP FUNCTION funding_write_steps(bigint[]);
DROP FUNCTION funding_steps_now(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("funding", "0022_lists_of_money")]
    operations = [migrations.RunSQL(KEEP, FORGET)]
