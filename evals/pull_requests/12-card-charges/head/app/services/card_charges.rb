# frozen_string_literal: true

require "faraday"
require "json"
require "securerandom"

# Charges cards at the payment provider.
class CardCharges
  Declined = Class.new(StandardError)

  MAX_ATTEMPTS = 3
  PAUSE_SECONDS = 0.5

  def initialize(connection:, logger:)
    @connection = connection
    @logger = logger
  end

  # Returns the provider's id of the charge.
  def charge(order)
    response = with_retries(order) { post(order) }
    raise Declined, response.body if response.status == 402
    raise "provider answered #{response.status}" unless response.success?

    JSON.parse(response.body).fetch("id")
  end

  private

  def with_retries(order)
    attempts = 0
    begin
      attempts += 1
      yield
    rescue Faraday::TimeoutError, Faraday::ConnectionFailed => e
      raise if attempts >= MAX_ATTEMPTS

      @logger.warn("charge of #{order.number}: attempt #{attempts} failed: #{e.class}")
      sleep(PAUSE_SECONDS * attempts)
      retry
    end
  end

  def post(order)
    @connection.post("/v1/charges") do |request|
      request.headers["Content-Type"] = "application/json"
      request.headers["Idempotency-Key"] = SecureRandom.uuid
      request.body = JSON.generate(
        amount: order.total_cents,
        currency: order.currency,
        card: order.card_token,
        reference: order.number
      )
    end
  end
end
