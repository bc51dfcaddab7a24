import { installed } from '../../../testing/src/servers.ts'

// PostgreSQL tables of doctors on call and of accounts, and the settings with which chaos records whole transactions on
// these tables.

export const [initdb, postgres, psql] = ['initdb', 'postgres', 'psql'].map(installed)
export const lacking = initdb === undefined || postgres === undefined || psql === undefined

export const TABLES = `
  CREATE TABLE doctors (id int PRIMARY KEY, on_call boolean NOT NULL);
  INSERT INTO doctors SELECT n, true FROM generate_series(1, 100) n;
  CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
  INSERT INTO accounts VALUES (1, 0);
`
export const SETTINGS = {
  kind: 'postgresql',
  tables: { accounts: { key: 'id', values: ['balance'] }, doctors: { key: 'id', values: { on_call: 'boolean' } } },
  transactions: 'whole',
  indirect: 'none',
}
