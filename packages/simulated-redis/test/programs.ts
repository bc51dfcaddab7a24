import fc from 'fast-check'

// Random Lua programs whose results a Redis shows as text, including errors and the order of tables.

const VARIABLES = ['a', 'b', 'c', 'd'] as const
const variable = fc.constantFrom(...VARIABLES)

const number = fc.constantFrom(
  '0',
  '1',
  '2',
  '3',
  '7',
  '10',
  '-1',
  '0.5',
  '2.25',
  '1e3',
  '123456789',
  '0x1F',
  '100000000000',
)
const text = fc.constantFrom(
  "''",
  "'a'",
  "'abc'",
  "'10'",
  "' 7 '",
  "'0x10'",
  "'a,b,c'",
  "'x=1, y=22'",
  "'\\0z'",
  "'1e2'",
  '[[é]]',
)
const literal = fc.oneof(number, text, fc.constantFrom('nil', 'true', 'false'))
const pattern = fc.constantFrom(
  ...["'a'", "'%d+'", "'(%w)(%w*)'", "'^.'", "'.-,'", "'[a-c]+'", "'[^,]*'", "'%s*'", "'()b'", "'%f[%w]%w+'", "'b$'"],
  ...["'(%a)=(%d)'", "'%b()'", "'(.)%1'", "'.'", "'x*'", "'%%'", "'[%d%.]'", "''", "'[]]'", "'[a'", "'('", "'%'"],
)
const replacement = fc.constantFrom("'%0%0'", "'<%1>'", "''", '{a=1, b=false}', 'string.upper', "'%%'", "'x'")
const form = fc.constantFrom(
  ...["'%d'", "'%5.2f'", "'%x'", "'%s'", "'%q'", "'%-6s|'", "'%05d'", "'%g'", "'%e'", "'%c'", "'%.3s'", "'%i%%'"],
  ...["'%+d'", "'%o'", "'%#x'", "'%.14g'", "'%10.4e'", "'%u'"],
)
const place = fc.constantFrom('0', '1', '2', '3', '-1', '-2', '5')

type Expression = fc.Arbitrary<string>

const joined = (...parts: readonly (Expression | string)[]): Expression =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((all) => all.join(''))

const called = (name: string, ...args: readonly Expression[]): Expression =>
  fc.tuple(...args).map((all) => `${name}(${all.join(', ')})`)

const { value, table } = fc.letrec<{ value: string; table: string; small: string }>((tie) => {
  const [inner, list] = [tie('value'), tie('table')]
  const operator = fc.constantFrom(' + ', ' - ', '*', ' .. ', '==', '~=', '<', '<=', '>', '>=', ' and ', ' or ')
  const compute = fc.oneof(
    joined('(', inner, operator, inner, ')'),
    joined('(', inner, fc.constantFrom('/', '%', '^'), fc.constantFrom('2', '3', '-2', "'4'", '0.5'), ')'),
    joined('(- ', inner, ')'),
    joined('(not ', inner, ')'),
    joined('#', fc.oneof(variable, text)),
  )
  const strings = fc.oneof(
    called('string.sub', inner, place, place),
    called('string.rep', inner, place),
    called('string.byte', inner, place),
    called('string.char', fc.constantFrom('65', '0', '255', '256')),
    called('string.reverse', inner),
    called('string.upper', inner),
    called('string.len', inner),
    called('string.find', inner, pattern, place),
    called('string.find', inner, inner, fc.constant('1'), fc.constant('true')),
    called('string.match', inner, pattern),
    called('string.gsub', inner, pattern, replacement),
    called('string.gsub', inner, pattern, replacement, place),
    called('string.format', form, inner),
    joined('(', text, '):', fc.constantFrom('lower()', 'rep(2)', "find('b')", 'sub({})', 'nothing()', 'byte(1, -1)')),
  )
  const rest = fc.oneof(
    called('type', inner),
    called('tonumber', inner),
    called('tonumber', text, fc.constantFrom('2', '16', '36', '99')),
    called('select', fc.oneof(place, fc.constant("'#'")), inner, inner),
    called('math.floor', inner),
    called('math.max', inner, inner),
    called('math.fmod', inner, fc.constantFrom('3', '-2')),
    called('math.random', fc.constantFrom('10', '3')),
    called('unpack', list),
    called('table.concat', list, fc.constantFrom("','", "''")),
    called('cjson.encode', inner),
    called(
      'cjson.decode',
      fc.constantFrom(`'{"k":[1,2.5,"x",null]}'`, `'[]'`, `'[1,'`, `'{"a" 1}'`, `'"\\\\u00e9"'`, `'x'`),
    ),
    called('cmsgpack.unpack', joined('cmsgpack.pack(', inner, ')')),
    called('bit.band', inner, place),
    called('redis.call', fc.constant("'SET'"), fc.constant("'k'"), joined('(', inner, ')')),
    called('redis.pcall', fc.constant("'LPUSH'"), fc.constant("'k'"), inner),
    called('redis.sha1hex', inner),
    joined('pcall(function() return ', inner, ' end)'),
    joined('(function(...) return ', inner, ', ... end)(', inner, ', ', inner, ')'),
  )
  const indexed = fc.oneof(
    joined(variable, '[', inner, ']'),
    joined(variable, '.k'),
    joined('(', fc.oneof(variable, list), ')[1]'),
  )
  const field = fc.oneof(inner, joined('k=', inner), joined('[', literal, ']=', inner), joined('[', place, ']=', inner))
  return {
    small: fc.oneof(literal, variable),
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('small'),
      ...[compute, strings, rest, indexed, list],
    ),
    table: fc.array(field, { maxLength: 6 }).map((fields) => `{${fields.join(', ')}}`),
  }
})

const { block } = fc.letrec<{ block: string; statement: string }>((tie) => {
  const body = tie('block')
  return {
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      joined(variable, ' = ', fc.oneof(value, table)),
      joined(variable, ', ', variable, ' = ', value, ', ', value),
      joined('local e, f = ', value, ' a = f b = e'),
      joined('if type(', variable, ") == 'table' then ", variable, '[', value, '] = ', value, ' end'),
      joined(variable, '[', place, '] = ', value),
      joined('table.insert(', variable, ', ', value, ')'),
      joined('c = table.remove(', variable, ')'),
      joined('table.sort(', variable, ')'),
      joined('table.sort(', variable, ', function(x, y) return x > y end)'),
      joined('if ', value, ' then ', body, ' else ', body, ' end'),
      joined(
        'for i = ',
        place,
        ', ',
        place,
        ', ',
        fc.constantFrom('1', '-1', '0.5', '2'),
        ' do ',
        variable,
        ' = i ',
        body,
        ' end',
      ),
      joined('for k, v in pairs(', fc.oneof(variable, table), ') do a = k b = v end'),
      joined('for i, v in ipairs(', table, ') do a = (a or 0) .. i if i > 3 then break end end'),
      joined('for x, y in string.gmatch(', text, ', ', pattern, ') do c = x d = y end'),
      joined('do local n = 0 while n < 3 do n = n + 1 ', body, ' end end'),
      joined('do local n = 0 repeat local m = n n = n + 1 until m >= 2 or ', value, ' end'),
      joined('local function g(x, ...) return ', value, ', x, ... end c, d = g(', value, ', 5)'),
      joined('d = {} for i = 1, 3 do d[i] = function() i = i + 1 return i end end c = d[2]() + d[2]()'),
    ),
    block: fc.array(tie('statement'), { maxLength: 4 }).map((statements) => statements.join('\n')),
  }
})

/** A Lua function that prints a value: tables in the order of `pairs`, functions by their type. */
const SHOW = `math.randomseed(7)
local function show(v, depth)
  if v ~= v then return 'nan' end
  if type(v) == 'function' then return 'function' end
  if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end
  if depth > 3 then return '...' end
  local parts = {}
  for key, item in pairs(v) do parts[#parts + 1] = show(key, depth + 1) .. '=' .. show(item, depth + 1) end
  return '{#' .. #v .. ' ' .. table.concat(parts, ' ') .. '}'
end`

/** Programs that return the final values of their variables and the error, if there is one. */
export const anyProgram: fc.Arbitrary<string> = block.map(
  (statements) => `${SHOW}
local a, b, c, d = 1, 'abc', {1, 2, 3}, nil
local ok, problem = pcall(function()
${statements}
end)
return show(ok, 0) .. ' ' .. show(problem, 0) .. ' ' .. show(a, 0) .. ' ' .. show(b, 0) .. ' ' .. show(c, 0) .. ' ' .. show(d, 0)`,
)

/** Programs whose error, if there is one, is the server's reply. */
export const anyBareProgram: fc.Arbitrary<string> = fc
  .tuple(block, value)
  .map(
    ([statements, result]) =>
      `math.randomseed(7) local a, b, c, d = 1, 'abc', {1, 2, 3}, nil\n${statements}\nreturn ${result}`,
  )
