# frozen_string_literal: true

module Admin
  class OrdersController < ApplicationController
    before_action :require_staff

    PER_PAGE = 50
    STATUSES = %w[open paid shipped cancelled].freeze

    def index
      orders = current_shop.orders.includes(:customer)
      orders = orders.where(status: params[:status]) if STATUSES.include?(params[:status])
      @orders = orders.order(created_at: :desc).limit(PER_PAGE).offset(offset)
    end

    def show
      @order = current_shop.orders.find(params[:id])
    end

    private

    def page
      [params[:page].to_i, 1].max
    end

    def offset
      (page - 1) * PER_PAGE
    end
  end
end
