-- Chance without a state: a number depends on the seed, an id and a salt alone, so neither the order
-- of work nor the number of threads can change it.
CREATE MACRO salted(id, salt) AS hash(xor(hash(id), hash(salt || ':' || getvariable('seed'))));

-- In [0, 1).
CREATE MACRO uniform(id, salt) AS (salted(id, salt) >> 11)::DOUBLE / 9007199254740992.0;

-- Mean 0, deviation 1, from the four 16-bit parts of one hash (sum of four uniforms).
CREATE MACRO bell(h) AS (
    (h & 65535)::DOUBLE + ((h >> 16) & 65535)::DOUBLE + ((h >> 32) & 65535)::DOUBLE
    + (h >> 48)::DOUBLE - 131070
) / 65536 * 1.7320508;

CREATE MACRO normal(id, salt) AS bell(salted(id, salt));

-- Log-normal with mean 1.
CREATE MACRO spread_of(id, salt, deviation) AS
    exp(deviation * normal(id, salt) - deviation * deviation / 2);

-- Cents to an exact amount: a division would pass through floating point.
CREATE MACRO money(cents) AS (cents::DECIMAL(16, 0) * 0.01::DECIMAL(2, 2))::DECIMAL(18, 2);

CREATE MACRO day_of(day_no) AS getvariable('first_day') + day_no::INTEGER;

-- ISO 8601 with microseconds, as the mainframe writes it.
CREATE MACRO iso(instant) AS strftime(instant, '%Y-%m-%dT%H:%M:%S.%f');

-- The check digit of ISO/IEC 7812-1 for a payload of 15 digits.
CREATE MACRO luhn(payload) AS payload || ((10 - list_sum(list_transform(
    range(1, 16),
    lambda i: CASE
        WHEN i % 2 = 0 THEN substr(payload, i::INTEGER, 1)::INTEGER
        WHEN substr(payload, i::INTEGER, 1)::INTEGER < 5
            THEN substr(payload, i::INTEGER, 1)::INTEGER * 2
        ELSE substr(payload, i::INTEGER, 1)::INTEGER * 2 - 9
    END
)) % 10) % 10)::VARCHAR;
