-- Every delivery has an id of its own: the second of two with one id would store nothing.
local body = os.getenv("DELIVERY_BODY")
local headers = {
  ["Content-Type"] = "application/json",
  ["X-GitHub-Event"] = "pull_request",
  ["X-Hub-Signature-256"] = os.getenv("DELIVERY_SIGNATURE"),
}
local run = os.getenv("DELIVERY_RUN")
local sent = 0

function request()
  sent = sent + 1
  headers["X-GitHub-Delivery"] = run .. "-" .. sent
  return wrk.format("POST", nil, headers, body)
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
