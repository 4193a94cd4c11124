using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace Billing.Api;

[ApiController]
[Route("payments")]
[Authorize(Policy = "billing.write")]
public sealed class PaymentsController : ControllerBase
{
    private readonly IPayments _payments;

    public PaymentsController(IPayments payments)
    {
        _payments = payments;
    }

    [HttpPost]
    public async Task<ActionResult<Payment>> Create(NewPayment payment, CancellationToken cancellation)
    {
        var created = await _payments.CreateAsync(payment, cancellation);
        return CreatedAtAction(nameof(Show), new { id = created.Id }, created);
    }

    [HttpGet("{id:guid}")]
    public async Task<ActionResult<Payment>> Show(Guid id, CancellationToken cancellation)
    {
        var payment = await _payments.FindAsync(id, cancellation);
        return payment is null ? NotFound() : payment;
    }

    [HttpPost("{id:guid}/capture")]
    public async Task<IActionResult> Capture(Guid id, CancellationToken cancellation)
    {
        return await _payments.CaptureAsync(id, cancellation) ? NoContent() : Conflict();
    }

    [HttpPost("{id:guid}/refund")]
    public async Task<IActionResult> Refund(Guid id, RefundRequest refund, CancellationToken cancellation)
    {
        return await _payments.RefundAsync(id, refund.Amount, cancellation) ? NoContent() : Conflict();
    }
}
