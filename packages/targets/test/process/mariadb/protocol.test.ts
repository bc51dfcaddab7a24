import { expect, test } from 'vitest'
import { errorOutcomes, judgeError } from '../../../../recorder/src/mysql/errors.ts'
import { objects, withParameters } from '../../../src/client-kinds/mariadb/objects.ts'

test('texts in a MariaDB command are quoted, and placeholders within these texts are not replaced', () => {
  expect(withParameters({ sql: 'SELECT ?, ?', parameters: ["it's ?\\", null] })).toBe("SELECT 'it''s ?\\', NULL")
  expect(withParameters({ sql: 'a ?2 b ?1', parameters: ['x', 'y'] })).toBe("a 'y' b 'x'")
})

test('a MariaDB cas from null inserts a row, and a cas to null deletes the row', () => {
  const swap = (value: readonly [number | null, number | null]) => {
    const asked = objects.register.requestFor({ f: 'cas', key: 'x', value })
    return asked.type === 'command' ? withParameters(asked.command) : ''
  }
  expect(swap([null, 1])).toBe("INSERT IGNORE INTO chaos_register VALUES ('x', '1')")
  expect(swap([1, null])).toBe("DELETE FROM chaos_register WHERE k = 'x' AND v = '1'")
  expect(swap([1, 2])).toBe("UPDATE chaos_register SET v = '2' WHERE k = 'x' AND v = '1'")
})

test('a MariaDB error is classified as fail if its code is a known definite failure, else as info', () => {
  expect([1213, 1020, 1205, 1290, 1047, 1062].map((code) => judgeError(code))).toEqual(
    Array.from({ length: 6 }, () => 'fail'),
  )
  expect([1180, 1053, 1317, 1927, 9999].map((code) => judgeError(code))).toEqual(
    Array.from({ length: 5 }, () => 'info'),
  )
  for (const { why } of errorOutcomes) expect(why).not.toBe('')
})
