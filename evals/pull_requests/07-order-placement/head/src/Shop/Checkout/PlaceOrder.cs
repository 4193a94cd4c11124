using Microsoft.Extensions.Logging;

namespace Shop.Checkout;

public sealed class PlaceOrder
{
    private readonly IOrders _orders;
    private readonly IPaymentProvider _provider;
    private readonly ILogger<PlaceOrder> _logger;

    public PlaceOrder(IOrders orders, IPaymentProvider provider, ILogger<PlaceOrder> logger)
    {
        _orders = orders;
        _provider = provider;
        _logger = logger;
    }

    public async Task<Order> ExecuteAsync(Basket basket, CancellationToken cancellation)
    {
        var order = Order.From(basket);
        await _orders.AddAsync(order, cancellation);

        var charge = await _provider.ChargeAsync(order.Id, order.Total, basket.CardToken, CancellationToken.None);

        order.MarkPaid(charge.Reference);
        try
        {
            await _orders.SaveAsync(order, CancellationToken.None);
        }
        catch (Exception problem)
        {
            _logger.LogError(
                problem, "Order {OrderId} is not saved as paid by {Reference}", order.Id, charge.Reference);
            throw;
        }
        _logger.LogInformation("Order {OrderId} was paid by {Reference}", order.Id, charge.Reference);
        return order;
    }
}
