// Runs once, in the empty MongoDB: a user for code-review that can use its own database only.
db.getSiblingDB("code_review").createUser({
  user: "code_review",
  pwd: process.env.CODE_REVIEW_DATABASE_PASSWORD,
  roles: [{ role: "readWrite", db: "code_review" }],
});
