// Each user logs in, one after another, and performs one transaction.
// node mysql-8-logins.mjs mysql2|mariadb PORT PASSWORD USER…

const [driver, port, password, ...users] = process.argv.slice(2)

const connect = {
  async mysql2(options) {
    const { default: mysql } = await import('mysql2/promise')
    return mysql.createConnection({ ...options, password2: password })
  },
  async mariadb(options) {
    const { default: mariadb } = await import('mariadb')
    return mariadb.createConnection({ ...options, allowPublicKeyRetrieval: true })
  },
}

for (const user of users) {
  const own = { user, connectAttributes: { program_name: user }, connectTimeout: 20_000 }
  const client = await connect[driver]({ host: '127.0.0.1', port: Number(port), password, ...own })
  await client.query('START TRANSACTION')
  await client.query('SELECT balance FROM accounts WHERE id = 1')
  await client.query('UPDATE accounts SET balance = 90 WHERE id = 1')
  await client.query('COMMIT')
  await client.end()
}
