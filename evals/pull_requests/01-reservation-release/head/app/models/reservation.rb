# frozen_string_literal: true

# A seat reservation that a customer holds for some minutes before paying.
class Reservation < ApplicationRecord
  HOLD = 10.minutes

  belongs_to :event
  belongs_to :customer

  enum :status, { held: "held", paid: "paid", released: "released" }

  scope :overdue, -> { held.where(held_at: ..HOLD.ago) }

  def pay!(payment)
    with_lock do
      raise InvalidTransition, "#{id} is #{status}" unless held?

      update!(status: :paid, payment_reference: payment.reference)
    end
  end

  # True if the seats were given back by this call.
  def release!
    with_lock do
      next false unless held?

      update!(status: :released)
      Event.where(id: event_id).update_all(["free_seats = free_seats + ?", seats])
      true
    end
  end

  class InvalidTransition < StandardError; end
end
