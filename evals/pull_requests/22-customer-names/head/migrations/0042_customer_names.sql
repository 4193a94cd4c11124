BEGIN;

ALTER TABLE customers
    ADD COLUMN given_name text NOT NULL DEFAULT '',
    ADD COLUMN family_name text NOT NULL DEFAULT '';

UPDATE customers
SET given_name = trim(substring(name FROM '^(.*) [^ ]*$')),
    family_name = substring(name FROM '[^ ]*$')
WHERE name LIKE '% %';

UPDATE customers
SET family_name = name
WHERE name NOT LIKE '% %';

ALTER TABLE customers
    ALTER COLUMN given_name DROP DEFAULT,
    ALTER COLUMN family_name DROP DEFAULT,
    DROP COLUMN name;

CREATE INDEX customers_family_name ON customers (lower(family_name), lower(given_name));

COMMIT;
