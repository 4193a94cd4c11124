# frozen_string_literal: true

require "faraday"
require "json"
require "securerandom"

# Charges cards at the payment provider.
class CardCharges
  Declined = Class.new(StandardError)

  def initialize(connection:, logger:)
    @connection = connection
    @logger = logger
  end

  # Returns the provider's id of the charge.
  def charge(order)
    response = post(order)
    raise Declined, response.body if response.status == 402
    raise "provider answered #{response.status}" unless response.success?

    JSON.parse(response.body).fetch("id")
  end

  private

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
