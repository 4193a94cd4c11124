# frozen_string_literal: true

class ReleaseOverdueReservationsJob < ApplicationJob
  queue_as :maintenance

  def perform
    Reservation.overdue.find_each(&:release!)
  end
end
