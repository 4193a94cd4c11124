"""A long history, made by the database itself: what the projections hold of jobs that ended."""

import psycopg

# Half of all jobs belong to one organization, and a tenth of those to one repository.
LARGEST = "00000000-0000-7000-8000-000000000001"
REPOSITORY = "00000000-0000-7000-9000-000000000001"
ORGANIZATIONS = 1_000
# Jobs that are not over, as in a busy hour.
UNFINISHED = 300
_JOBS = """
INSERT INTO job_status_view (
    job_id, version, organization_id, repository_id, repository_full_name, pull_request_number,
    pull_request_title, pull_request_author, pull_request_url, head_sha, trigger, state, step,
    attempt, due_at, outcome, comments_published, correlation_id, created_at, started_at,
    analyzed_at, finished_at, updated_at)
SELECT job_id, 7, organization_id,
       CASE WHEN n %% 20 = 0 THEN %(repository)s::uuid
            ELSE md5('repository' || (n %% 5000))::uuid END,
       'team/shop', 1 + n %% 500, 'Round discounts to the cent', 'ada',
       'https://code.example/team/shop/pull/' || n, md5(n::text) || '00000000', 'opened', state,
       'publish', 1, CASE WHEN state = 'running' THEN at + interval '1 hour' END, 'complete', 2,
       'correlation', at, at, at, CASE WHEN state = 'running' THEN NULL ELSE at END, at
FROM (
    SELECT n, now() - (%(jobs)s - n) * interval '2.5 seconds' AS at,
           -- Ids are ordered by time, as UUIDv7 are.
           (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3)
               || '8' || substr(md5(n::text), 4, 15))::uuid AS job_id,
           CASE WHEN n %% 2 = 0 THEN %(largest)s::uuid
                ELSE md5('organization' || (n %% %(organizations)s))::uuid END AS organization_id,
           CASE WHEN n > %(jobs)s - %(unfinished)s THEN 'running'
                WHEN n %% 50 = 2 THEN 'failed'
                WHEN n %% 10 = 4 THEN 'superseded' ELSE 'completed' END AS state
    FROM generate_series(1, %(jobs)s) n
) jobs
"""
_ENDINGS = """
INSERT INTO job_endings (organization_id, hour, state, bucket, jobs)
SELECT organization_id, date_trunc('hour', finished_at, 'UTC'), state,
       -- Most took about ten seconds, a few three times or a third of that.
       86 + abs(hashtext(job_id::text)) % 12 + abs(hashtext(head_sha)) % 12, count(*)
FROM job_status_view WHERE finished_at IS NOT NULL GROUP BY 1, 2, 3, 4
"""


def keep_past_jobs(connection: psycopg.Connection[tuple[int, ...]], jobs: int) -> None:
    """One every two and a half seconds up to now, so that a million are a month."""
    parameters = {
        "jobs": jobs,
        "largest": LARGEST,
        "repository": REPOSITORY,
        "organizations": ORGANIZATIONS,
        "unfinished": UNFINISHED,
    }
    connection.execute(_JOBS, parameters)
    connection.execute(_ENDINGS)
    # As autovacuum would have done long ago.
    connection.execute("VACUUM ANALYZE job_status_view, job_endings")
