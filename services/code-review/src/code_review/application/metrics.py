"""What is counted of reviews. Stages begin and end inside use cases, so only they can time them."""

from prometheus_client import Counter, Histogram

stages = Histogram("crivo_review_stage_seconds", "Duration of a review's stages", ["stage"])
findings = Counter("crivo_review_findings_total", "Findings on changed lines", ["source"])

model_answers = Counter(
    "crivo_model_answers_total", "Answers of a language model, and refusals", ["model", "outcome"]
)
model_seconds = Histogram(
    "crivo_model_answer_seconds",
    "Time to an answer or a refusal",
    ["model"],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320),
)
model_tokens = Counter("crivo_model_tokens_total", "Tokens that were paid", ["model", "direction"])
model_cost = Counter("crivo_model_cost_usd_total", "Money paid where prices are known", ["model"])
model_unpriced = Counter(
    "crivo_model_unpriced_requests_total", "Requests whose price is not known", ["model"]
)
model_rejected = Counter(
    "crivo_model_findings_rejected_total", "Claims of a model that were not shown", ["reason"]
)
