<?php

declare(strict_types=1);

namespace App\Accounts;

use PDO;

final class PostgresAccounts implements AccountRepository
{
    public function __construct(private readonly PDO $pdo)
    {
    }

    public function byEmail(string $email): ?Account
    {
        $statement = $this->pdo->prepare('SELECT id, email, password_hash FROM accounts WHERE email = ?');
        $statement->execute([$email]);
        $row = $statement->fetch(PDO::FETCH_ASSOC);
        return $row === false ? null : new Account((int) $row['id'], $row['email'], $row['password_hash']);
    }

    public function add(Account $account): void
    {
        $statement = $this->pdo->prepare('INSERT INTO accounts (id, email, password_hash) VALUES (?, ?, ?)');
        $statement->execute([$account->id(), $account->email(), $account->passwordHash()]);
    }
}
