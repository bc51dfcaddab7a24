import { beforeAll, describe, expect, test } from 'vitest'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { SimulatedSessions } from '../schedules/simulated-sessions.ts'

beforeAll(loadParser)

describe('pg_stat_activity', () => {
  test('pg_stat_activity lists the background processes of a server in addition to its sessions', () => {
    const sessions = new SimulatedSessions(2)
    const asked = 'select backend_type, wait_event, state, count(*) from pg_stat_activity group by 1, 2, 3'
    expect(sessions.send(0, asked)[0]).toBe(
      'SELECT 7 ' +
        'autovacuum launcher,AutoVacuumMain,,1;background writer,BgWriterMain,,1;checkpointer,CheckpointerMain,,1;' +
        'client backend,,active,1;client backend,ClientRead,idle,1;' +
        'logical replication launcher,LogicalLauncherMain,,1;walwriter,WalWriterMain,,1',
    )
  })

  test('pg_stat_activity shows in virtual time when a transaction began and when a session became idle', () => {
    const sessions = new SimulatedSessions(2)
    sessions.send(0, 'begin')
    sessions.send(0, "set local application_name = 'worker'")
    sessions.send(0, 'select 1')
    const asked = `select application_name, state, extract(epoch from now() - xact_start)::text,
      extract(epoch from now() - state_change)::text, xact_start - backend_start
      from pg_stat_activity where application_name = 'worker'`
    expect(sessions.send(1, asked)[1]).toBe('SELECT 1 worker,idle in transaction,0.090000,0.030000,00:00:00')
  })

  test('pg_stat_activity shows a session as active from the start of its query string until ReadyForQuery', () => {
    const sessions = new SimulatedSessions(1)
    const { engine } = sessions
    const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
    const session = engine.connect(new Map([['user', 'tester']]), listener)
    const asked = `select state, query from pg_stat_activity where pid = ${session.pid}`
    expect(sessions.send(0, asked)).toEqual(['SELECT 1 idle,'])
    const [first] = session.parse('select 1; select 2')
    session.runs(first?.text ?? '')
    session.execute(first!, []).next()
    expect(sessions.send(0, asked)).toEqual(['SELECT 1 active,select 1; select 2'])
    session.ready()
    expect(sessions.send(0, asked)).toEqual(['SELECT 1 idle,select 1; select 2'])
    session.end()
    expect(sessions.send(0, asked)).toEqual(['SELECT 0'])
  })

  test('pg_stat_activity truncates a query to 1,023 bytes at a character boundary', () => {
    const sessions = new SimulatedSessions(1)
    const own = 'from pg_stat_activity where pid = pg_backend_pid()'
    const [answer] = sessions.send(0, `select octet_length(query), right(query, 2) ${own} -- ${'é'.repeat(600)}`)
    expect(answer).toBe('SELECT 1 1022,éé')
  })
})

describe('pg_locks', () => {
  test('pg_locks is refused while a serializable transaction holds SIREAD locks', () => {
    const sessions = new SimulatedSessions(2)
    sessions.setUp('create table t (id int)')
    sessions.send(0, 'begin isolation level serializable')
    sessions.send(0, 'select * from t')
    expect(() => sessions.send(1, 'select mode from pg_locks')).toThrow(NotSupported)
    sessions.send(0, 'commit')
    expect(sessions.send(1, 'select mode from pg_locks')[1]).toBe('SELECT 1 ExclusiveLock')
  })

  test('pg_locks shows the lock that a session waits for as not granted', () => {
    const sessions = new SimulatedSessions(3)
    sessions.setUp('create table t (id int)')
    for (const session of [0, 1]) sessions.send(session, 'begin')
    sessions.send(0, 'lock table t in share mode')
    sessions.send(1, 'lock table t in row exclusive mode')
    const asked =
      "select mode, granted, fastpath, waitstart is not null from pg_locks where locktype = 'relation' order by mode"
    expect(sessions.send(2, asked)[2]).toBe('SELECT 2 RowExclusiveLock,f,f,t;ShareLock,t,f,f')
  })

  test('pg_locks shows an advisory lock held outside a transaction, and the lock on a type during ALTER TYPE', () => {
    const sessions = new SimulatedSessions(2)
    sessions.setUp("create type mood as enum ('ok')")
    sessions.send(0, 'select pg_advisory_lock(8589934593)')
    sessions.send(0, 'select pg_advisory_lock(8589934593)')
    const locks = (type: string): string =>
      `select classid, objid, objsubid, mode, virtualtransaction like '%/0' from pg_locks where locktype = '${type}'`
    expect(sessions.send(1, locks('advisory'))[1]).toBe('SELECT 1 2,1,1,ExclusiveLock,t')
    sessions.send(0, 'begin')
    sessions.send(0, "alter type mood add value 'sad'")
    expect(sessions.send(1, locks('object'))[1]).toMatch(/^SELECT 1 1247,\d+,0,ExclusiveLock,f$/)
  })
})

test.each([
  ['select pg_sleep(0)', 30],
  ['select pg_sleep(-1)', 30],
  ['select pg_sleep(0.02)', 30],
  ['select pg_sleep(0.1)', 120],
  ["select pg_sleep_for('50 milliseconds')", 60],
  ["select pg_sleep_for('1 hour -3599.9 seconds')", 120],
  ["select pg_sleep_for('1 mon -30 days 0.05 seconds')", 60],
  ["select pg_sleep_until(clock_timestamp() + interval '70 milliseconds')", 90],
  ["select pg_sleep_until(clock_timestamp() - interval '1 day')", 30],
])('the statement %s has ended after %d ms, but is still running 30 ms earlier', (sql, milliseconds) => {
  const sessions = new SimulatedSessions(2)
  let [answer] = sessions.send(0, sql)
  let passed = 30
  for (; answer === 'waits' && passed < 200; passed += 30) [answer] = sessions.send(1, 'select 1')
  expect([answer, passed]).toEqual(['SELECT 1 ', milliseconds])
})
