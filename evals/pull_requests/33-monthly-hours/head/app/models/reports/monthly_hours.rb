# frozen_string_literal: true

module Reports
  # Sums the hours of a month by project and person.
  class MonthlyHours
    Row = Struct.new(:project, :person, :minutes, :billable_minutes, keyword_init: true)

    def initialize(entries)
      @entries = entries
    end

    def rows
      @rows ||= by_project_and_person.sort.map do |(project, person), row|
        row.project = project
        row.person = person
        row
      end
    end

    def total_minutes
      rows.sum(&:minutes)
    end

    def billable_minutes
      rows.sum(&:billable_minutes)
    end

    private

    def by_project_and_person
      sums = Hash.new { |known, key| known[key] = Row.new(minutes: 0, billable_minutes: 0) }
      @entries.each do |entry|
        row = sums[[entry.project_name, entry.person_name]]
        row.minutes += entry.minutes
        row.billable_minutes += entry.minutes if entry.billable?
      end
      sums
    end
  end
end
