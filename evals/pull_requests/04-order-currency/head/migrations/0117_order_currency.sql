BEGIN;

SET LOCAL lock_timeout = '5s';

ALTER TABLE orders
    ADD COLUMN currency text NOT NULL DEFAULT 'EUR';

ALTER TABLE orders
    ADD CONSTRAINT orders_currency CHECK (currency ~ '^[A-Z]{3}$') NOT VALID;

COMMIT;
