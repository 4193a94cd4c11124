import { Router } from "express";
import type { InvoiceRepository } from "./invoice-repository";

const MAXIMUM = 100;

export function invoiceRoutes(invoices: InvoiceRepository): Router {
  const router = Router();

  router.get("/invoices", async (request, response, next) => {
    try {
      const limit = Math.min(Number(request.query.limit) || 25, MAXIMUM);
      const offset = Math.max(Number(request.query.offset) || 0, 0);
      response.json(await invoices.list(request.tenantId, { limit, offset }));
    } catch (problem) {
      next(problem);
    }
  });

  return router;
}
