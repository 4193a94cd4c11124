<?php

declare(strict_types=1);

namespace App\Tickets;

use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Message\StreamFactoryInterface;

final class AttachmentController
{
    public function __construct(
        private readonly TicketRepository $tickets,
        private readonly ResponseFactoryInterface $responses,
        private readonly StreamFactoryInterface $streams,
        private readonly string $root,
    ) {
    }

    public function show(ServerRequestInterface $request, string $ticketId): ResponseInterface
    {
        $ticket = $this->tickets->find($ticketId, $request->getAttribute('userId'));
        if ($ticket === null) {
            return $this->responses->createResponse(404);
        }

        $name = (string) ($request->getQueryParams()['file'] ?? '');
        $path = $this->root . '/' . $ticket->id() . '/' . basename($name);
        if (!is_file($path)) {
            return $this->responses->createResponse(404);
        }

        return $this->responses->createResponse(200)
            ->withHeader('Content-Type', 'application/octet-stream')
            ->withHeader('Content-Disposition', 'attachment')
            ->withBody($this->streams->createStreamFromFile($path));
    }
}
