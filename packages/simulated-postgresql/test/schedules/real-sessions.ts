import postgres from 'postgres'
import { type Answer, DEADLOCK_TIMEOUT, rowsText, type Sessions } from './simulated-sessions.ts'

interface Real {
  readonly client: postgres.Sql
  readonly pid: number
  answer: Answer | undefined
  message: string | undefined
  busy: boolean
}

const POLL_MS = 3

/** Drops all definitions, but keeps the schema public, because some messages contain its oid. */
const CLEAN = `
  do $$ declare each text; begin
    for each in select format('drop %s if exists %I cascade', case relkind
        when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, relname)
      from pg_class where relnamespace = 2200 and relkind in ('r', 'p', 'v', 'm', 'S') order by relkind = 'S' loop execute each; end loop;
    for each in select format('drop type if exists %I cascade', typname)
      from pg_type where typnamespace = 2200 and typtype in ('c', 'e', 'd') loop execute each; end loop;
  end $$;
  drop extension if exists btree_gist;
  drop schema if exists s, p cascade;
  drop function if exists f(int), g(), keep(), note() cascade;
  drop role if exists x`

/** Sessions of a real server. */
export class RealSessions implements Sessions {
  /**
   * A statement that waits for a lock for this long counts as waiting for another session. The time is longer than the
   * deadlock timeout.
   */
  patienceMs = 35
  readonly #admin: postgres.Sql
  readonly #sessions: readonly Real[]

  private constructor(admin: postgres.Sql, sessions: readonly Real[]) {
    this.#admin = admin
    this.#sessions = sessions
  }

  static async open(port: number, count: number): Promise<RealSessions> {
    // By default, the client replaces a connection after half an hour. The server process of the new connection would
    // have another `pid`, so connections have no maximum lifetime.
    const connect = (): postgres.Sql =>
      postgres({
        host: '127.0.0.1',
        port,
        user: 'tester',
        database: 'postgres',
        max: 1,
        max_lifetime: null,
        onnotice() {},
      })
    // These settings make the locks of statements predictable. New statistics change no plan, and deadlocks are found
    // immediately.
    const admin = connect()
    for (const setting of ['autovacuum = off', 'jit = off', `deadlock_timeout = '${DEADLOCK_TIMEOUT}'`])
      await admin.unsafe(`alter system set ${setting}`)
    await admin.unsafe('select pg_reload_conf()')
    const sessions: Real[] = []
    for (let number = 0; number < count; number++) {
      const client = connect()
      const [[pid] = []] = await client.unsafe<never[]>('select pg_backend_pid()').values()
      sessions.push({ client, pid: Number(pid), answer: undefined, message: undefined, busy: false })
    }
    return new RealSessions(admin, sessions)
  }

  async setUp(sql: string): Promise<void> {
    await this.#admin.unsafe(`${CLEAN}; ${sql}`)
  }

  async send(session: number, sql: string): Promise<readonly Answer[]> {
    const real = this.#sessions[session]!
    real.busy = true
    real.client
      .unsafe(sql)
      .values()
      .then(
        (result) =>
          Object.assign(real, { busy: false, answer: answerOf(result as unknown[][], result.command, result.count) }),
        (error: postgres.PostgresError) => {
          real.message = [error.message, error.detail].filter(Boolean).join(': ')
          Object.assign(real, { busy: false, answer: `error ${error.code}` })
        },
      )
    await this.#settled()
    return this.#sessions.map((each) => {
      const answer = each.busy ? 'waits' : (each.answer ?? '-')
      if (!each.busy) each.answer = undefined
      return answer
    })
  }

  message(session: number): string | undefined {
    return this.#sessions[session]?.message
  }

  /** Waits until every statement has ended or is waiting for a lock. This state must stay the same for a while. */
  async #settled(): Promise<void> {
    let last = ''
    let since = performance.now()
    while (true) {
      const busy = this.#sessions.filter((each) => each.busy)
      if (busy.length === 0) return
      const rows = await this.#admin<{ pid: number }[]>`
        select pid from pg_stat_activity
        where pid = any (${busy.map((each) => each.pid)}) and state = 'active' and wait_event_type = 'Lock' order by pid`
      const left = this.#sessions.filter((each) => each.busy)
      const now = `${left.map((each) => each.pid)} ${rows.map((row) => row.pid)}`
      if (now !== last) since = performance.now()
      last = now
      if (rows.length === left.length && performance.now() - since >= this.patienceMs) return
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Ends all open statements and transactions before the next schedule. */
  async reset(): Promise<void> {
    for (const { client, pid, ...real } of this.#sessions) {
      if (real.busy) await this.#admin`select pg_cancel_backend(${pid})`
      await client.unsafe('rollback')
      await client.unsafe('deallocate all')
    }
    for (const each of this.#sessions) each.answer = undefined
  }

  async close(): Promise<void> {
    for (const { client } of this.#sessions) await client.end()
    await this.#admin.end()
  }
}

function answerOf(rows: readonly (readonly unknown[])[], command: string, count: number): Answer {
  const counted = ['SELECT', 'UPDATE', 'DELETE', 'FETCH'].includes(command)
  const tag = command === 'INSERT' ? `INSERT 0 ${count}` : command === 'LOCK' ? 'LOCK TABLE' : command
  const text = (value: unknown): string =>
    value === null ? '' : value === true ? 't' : value === false ? 'f' : `${value}`
  return `${counted ? `${command} ${count}` : tag}${rowsText(rows.map((row) => row.map(text)))}`
}
