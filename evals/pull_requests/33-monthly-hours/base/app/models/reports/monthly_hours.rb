# frozen_string_literal: true

module Reports
  # Sums the hours of a month by project and person.
  class MonthlyHours
    Row = Struct.new(:project, :person, :minutes, keyword_init: true)

    def initialize(entries)
      @entries = entries
    end

    def rows
      projects = {}
      @entries.each do |entry|
        projects[entry.project_name] = {} unless projects.key?(entry.project_name)
        people = projects[entry.project_name]
        people[entry.person_name] = 0 unless people.key?(entry.person_name)
        people[entry.person_name] += entry.minutes
      end
      projects.sort.flat_map do |project, people|
        people.sort.map { |person, minutes| Row.new(project: project, person: person, minutes: minutes) }
      end
    end

    def total_minutes
      rows.sum(&:minutes)
    end
  end
end
