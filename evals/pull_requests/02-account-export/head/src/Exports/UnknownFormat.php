<?php

declare(strict_types=1);

namespace App\Exports;

final class UnknownFormat extends \InvalidArgumentException
{
    public function __construct(string $format)
    {
        parent::__construct(sprintf('There is no export as "%s"', $format));
    }
}
