import openClient from 'postgres'
import { beforeAll, describe, expect, test } from 'vitest'
import { installed, startPostgres, whySkipped } from '../../../testing/src/servers.ts'
import { loadParser } from '../../src/sql/parse.ts'
import { RealSessions } from '../schedules/real-sessions.ts'
import { type Sessions, SimulatedSessions } from '../schedules/simulated-sessions.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

const [initdb, postgres] = ['initdb', 'postgres'].map(installed)
const lacking = initdb === undefined || postgres === undefined

const TABLES =
  'create table t (id int primary key, v int, u int unique); create table c (t_id int references t); insert into t values (1, 1, 1), (2, 2, 2), (3, 3, 3)'
const SAME = "create or replace function same() returns trigger language plpgsql as 'begin return new; end'"
/** The query returns the columns to compare. Of transaction ids, only their equality is compared, not their values. */
const LOOK = 'select id, xmin, xmax, ctid from t order by id'
const UPSERT = 'insert into t values (1, 5), (7, 5) on conflict (id) do update set v = 9 returning id, xmax = 0, xmin'

type Schedule = readonly (readonly [session: number, sql: string])[]

const SCHEDULES: Readonly<Record<string, Schedule>> = {
  'an upsert': [
    [0, UPSERT],
    [0, LOOK],
    [0, UPSERT],
    [0, LOOK],
  ],
  'updates and deletions': [
    [0, 'update t set v = 5 where id = 1 returning xmin, xmax, ctid'],
    [0, 'delete from t where id = 2 returning xmin, xmax, ctid'],
    [0, 'begin'],
    [0, 'update t set v = 6 where id = 1 returning xmin, xmax, ctid'],
    [1, LOOK],
    [0, 'update t set v = 7 where id = 1 returning xmin, xmax, ctid'],
    [0, 'rollback'],
    [1, LOOK],
    [1, 'update t set v = 8 where id = 1 returning xmin, xmax, ctid'],
  ],
  'locks of one session': [
    [0, 'begin'],
    [0, 'select v, xmax from t where id = 1 for update'],
    [0, LOOK],
    [0, 'update t set v = 5 where id = 1 returning xmin, xmax'],
    [0, 'update t set v = 6 where id = 1 returning xmin, xmax'],
    [1, LOOK],
    [0, 'commit'],
    [1, LOOK],
    [1, 'update t set v = 7 where id = 1 returning xmin, xmax'],
    [1, 'begin'],
    [1, 'select v from t where id = 3 for share'],
    [1, 'rollback'],
    [1, LOOK],
    [0, 'select v from t where id = 3 for key share'],
    [1, LOOK],
  ],
  'an update that waits': [
    [0, 'begin'],
    [0, 'update t set v = 5 where id = 1'],
    [1, 'update t set v = v + 1 where id = 1 returning xmin, xmax, xmax = 0'],
    [0, 'commit'],
    [1, LOOK],
    [0, 'begin'],
    [0, 'update t set v = 5 where id = 1'],
    [1, 'update t set v = v + 1 where id = 1 returning xmin, xmax, xmax = 0'],
    [0, 'rollback'],
    [1, LOOK],
  ],
  'foreign keys': [
    [0, 'begin'],
    [0, 'insert into c values (1)'],
    [1, LOOK],
    [1, 'update t set v = 7 where id = 1 returning xmax = 0'],
    [1, 'select id, xmax = 0 from t order by id'],
    [0, 'commit'],
    [1, 'select id, xmax = 0 from t order by id'],
    [1, 'update t set v = 8 where id = 1 returning xmax = 0'],
    [0, 'insert into c values (2)'],
    [1, LOOK],
  ],
  'locks of two sessions': [
    [0, 'begin'],
    [0, 'select v from t where id = 1 for share'],
    [1, 'begin'],
    [1, 'select v from t where id = 1 for share'],
    [0, 'select id, xmax = 0 from t order by id'],
    [0, 'commit'],
    [1, 'update t set v = 3 where id = 1 returning xmax = 0'],
    [1, 'commit'],
    [0, 'select id, xmax = 0 from t order by id'],
  ],
  savepoints: [
    [0, 'begin'],
    [0, 'update t set v = 9 where id = 1 returning xmin, xmax'],
    [0, 'savepoint a'],
    [0, 'update t set v = 9 where id = 1 returning xmin, xmax'],
    [0, 'select v from t where id = 2 for update'],
    [0, LOOK],
    [0, 'rollback to a'],
    [0, LOOK],
    [0, 'update t set v = 9 where id = 2 returning xmin, xmax'],
    [0, 'commit'],
    [1, LOOK],
  ],
  'a trigger before each row': [
    [0, SAME],
    [0, 'create trigger same before update on t for each row execute function same()'],
    [0, 'update t set v = 5 where id = 1 returning xmin, xmax, ctid'],
    [0, LOOK],
    [0, 'drop trigger same on t'],
  ],
  'optimistic locks': [
    [0, 'create temp table seen as select xmin::text as x from t where id = 1'],
    [1, 'create temp table seen as select xmin::text as x from t where id = 1'],
    [0, 'begin'],
    [0, 'update t set v = 10 where id = 1 and xmin::text = (select x from seen) returning xmin'],
    [1, 'update t set v = 20 where id = 1 and xmin::text = (select x from seen) returning xmin'],
    [0, 'commit'],
    [1, LOOK],
    [0, 'drop table seen'],
    [1, 'drop table seen'],
  ],
  'places in joins': [
    [0, 'insert into t values (11, 1), (12, 1), (13, 2)'],
    [0, 'delete from t a using t b where a.ctid > b.ctid and a.v = b.v returning a.id'],
    [0, 'update t set v = 100 where ctid = (select min(ctid) from t) returning id, ctid'],
    [0, 'select id from t where ctid = any (array(select ctid from t where v = 100)) order by id'],
    [0, 'select distinct tableoid::regclass from t'],
    [0, 'select count(*) from (select xmin from t group by xmin) g'],
  ],
}

/** Replaces each transaction id by the position of its first appearance. */
function numbered(answers: readonly string[]): string {
  const seen: string[] = []
  return answers.join('\n').replaceAll(/\b\d{3,}\b/g, (number) => {
    if (!seen.includes(number)) seen.push(number)
    return `#${seen.indexOf(number)}`
  })
}

async function answersOf(sessions: Sessions, schedule: Schedule): Promise<readonly string[]> {
  const told: string[] = []
  for (const [session, sql] of schedule)
    told.push(`${session}: ${sql}\n   ${(await sessions.send(session, sql)).join(' | ')}`)
  return told
}

describe.skipIf(lacking)(
  `the catalogue of a PostgreSQL server${lacking ? `: ${whySkipped('initdb', 'postgres')}` : ''}`,
  () => {
    beforeAll(loadParser)

    test('the system columns of rows have the same values as in the simulation', async () => {
      const { port } = await startPostgres(initdb!, postgres!)
      const real = await RealSessions.open(port, 2)
      for (const [name, schedule] of Object.entries(SCHEDULES)) {
        await real.reset()
        await real.setUp(TABLES)
        const simulated = new SimulatedSessions(2)
        simulated.setUp(TABLES)
        expect
          .soft(numbered(await answersOf(simulated, schedule)), name)
          .toBe(numbered(await answersOf(real, schedule)))
      }
      await real.close()
    })

    test('each name in the catalogue is either accepted by the simulation or reported as not supported', async () => {
      const { port } = await startPostgres(initdb!, postgres!)
      const client = openClient({ host: '127.0.0.1', port, user: 'tester', database: 'postgres', max: 1 })
      const named = async (sql: string): Promise<readonly string[]> =>
        (await client.unsafe<never[]>(sql).values()).map(([name]) => String(name))
      const simulated = new SimulatedAnswers()
      const statements = [
        ...(await named(`select format('select %I from %s limit 0', attname, attrelid::regclass) from pg_attribute
        join pg_class c on c.oid = attrelid where relkind in ('r', 'v') and attnum > 0
          and relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`)),
        ...(await named(`select format('select null::%s', oid::regtype) from pg_type
        where typnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`)),
        ...(await named(`select distinct format('drop function %I', proname) from pg_proc where pronamespace = 11`)),
        ...(await named("select format('show %s', name) from pg_settings")),
      ]
      await client.end()
      const blamed = statements.filter((sql) => {
        const answer = simulated.answer(sql)
        return answer.kind === 'error' && /^(?:42703|42P01|42883|42704)$/.test(answer.code)
      })
      expect(statements.length).toBeGreaterThan(5_000)
      expect(blamed).toEqual([])
    })
  },
)
