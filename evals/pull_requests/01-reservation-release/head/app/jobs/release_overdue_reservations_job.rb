# frozen_string_literal: true

class ReleaseOverdueReservationsJob < ApplicationJob
  queue_as :maintenance

  def perform
    released = Reservation.overdue.find_each.count(&:release!)
    logger.info("released #{released} overdue reservations")
  end
end
