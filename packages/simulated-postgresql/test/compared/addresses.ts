const WRITTEN = [
  ...[
    '10.0.0.1',
    '10.0.0.1/32',
    '10.0.0.1/8',
    '0.0.0.0/0',
    '255.255.255.255',
    '192.168.0.0/16',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '',
  ],
  ...[
    '::',
    '::1',
    '::/0',
    '1::',
    'fe80::1/64',
    '1:2:3:4:5:6:7:8',
    '1:0:0:4:0:0:0:8',
    '1:0:3:0:5:0:7:0',
    '::ffff:1.2.3.4',
    '::1.2.3.4',
  ],
  ...[
    '::ffff:0:1',
    '::2:3',
    '1:2:3:4:5:6:1.2.3.4',
    '2001:DB8::A/48',
    '1:2:3:4:5:6:7',
    '1::2::3',
    ':1',
    '12345::',
    'x',
    '1.2.3.4/x',
    '::1/129',
  ],
]

/** Statements that parse, print and order inet and cidr values. */
export const ADDRESSES: readonly (readonly string[])[] = [
  WRITTEN.flatMap((text) => [
    `select '${text}'::inet, '${text}'::inet::text`,
    ...(text === '1.2.3' ? [] : [`select '${text}'::cidr`]),
  ]),
  [
    'create table a (i inet primary key, c cidr, l inet[])',
    `insert into a values ${WRITTEN.slice(0, 6)
      .map((text) => `('${text}')`)
      .join()} on conflict do nothing`,
    `insert into a values ${WRITTEN.slice(10, 20)
      .map((text) => `('${text}')`)
      .join()}`,
    'select i from a order by i',
    "select i from a where i > '10.0.0.1' and i < '::1' order by i",
    "select i from a where i = '10.0.0.1/32'",
    "insert into a values ('10.0.0.1')",
    "update a set c = '10.0.0.0/8', l = '{::1,1.2.3.4/8}' where i = '10.0.0.1' returning c, l",
    "update a set c = '10.0.0.1/8'",
    "select c::inet, max(i), min(i), '10.0.0.1'::inet = '10.0.0.1'::cidr from a group by c order by c limit 1",
    "select '10.0.0.0/8'::cidr < '10.0.0.0'::inet, '10.0.0.1/8'::inet > '10.0.0.0/8'",
    "select host(i), c::inet from a where i in ('10.0.0.1', '::1') order by 1",
    "select '10.0.0.1/32'::cidr::inet",
    "select i::text from a where i in ('::', '0.0.0.0/0') order by i",
  ],
]
