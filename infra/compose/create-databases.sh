#!/bin/sh
# Runs once, in the empty PostgreSQL: a database and a role per service, closed to the others.
set -eu
create() {
    psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}
create organization "$ORGANIZATION_DATABASE_PASSWORD"
create platform_integration "$PLATFORM_INTEGRATION_DATABASE_PASSWORD"
create workflow_queue "$WORKFLOW_QUEUE_DATABASE_PASSWORD"
