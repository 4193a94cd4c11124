import { Router } from "express";
import type { DeviceRepository } from "./device-repository";

export function deviceRoutes(devices: DeviceRepository): Router {
  const router = Router();

  router.get("/devices", async (request, response, next) => {
    try {
      response.json(await devices.active(request.tenantId));
    } catch (problem) {
      next(problem);
    }
  });

  router.get("/devices/:id", async (request, response, next) => {
    try {
      const device = await devices.byId(request.tenantId, request.params.id);
      if (device) {
        response.json(device);
      } else {
        response.sendStatus(404);
      }
    } catch (problem) {
      next(problem);
    }
  });

  return router;
}
