-- What each client's accounts received and paid as of the business date.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
{%- set operations = {
    'card_withdrawal': "= 'CCW'", 'cash_credit': "= 'CCK'", 'collection': "= 'CAB'",
    'cash_withdrawal': "= 'WCA'", 'remittance': "= 'RAB'", 'no_operation': 'IS NULL'
} %}
WITH clients AS (
    SELECT client_id FROM {{ ref('stage_customer') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_customer') }}
        WHERE business_date <= {{ as_of }}
    )
),

owners AS (
    SELECT account_id, arg_min(client_id, disp_id) AS client_id
    FROM {{ ref('stage_disposition') }}
    WHERE
        type = 'owner'
        AND business_date = (
            SELECT max(business_date) FROM {{ ref('stage_disposition') }}
            WHERE business_date <= {{ as_of }}
        )
        AND client_id IN (SELECT client_id FROM clients)
    GROUP BY account_id
),

repeated AS (
    SELECT trans_id, max(business_date) AS latest
    FROM {{ ref('stage_transaction') }}
    WHERE business_date <= {{ as_of }}
    GROUP BY trans_id
    HAVING count(*) > 1
),

booked AS (
    SELECT
        owners.client_id,
        t.date,
        t.type,
        t.operation,
        t.amount,
        (t.date - DATE '1970-01-01') << 40 | t.trans_id AS place,
        t.date >= ({{ as_of }} + 1 - INTERVAL 3 MONTH)::DATE AS m3,
        t.date >= ({{ as_of }} + 1 - INTERVAL 6 MONTH)::DATE AS m6
    FROM {{ ref('stage_transaction') }} AS t
    INNER JOIN owners USING (account_id)
    LEFT JOIN repeated USING (trans_id)
    WHERE
        t.business_date <= {{ as_of }}
        AND t.date <= {{ as_of }}
        AND (repeated.latest IS NULL OR repeated.latest = t.business_date)
),

history AS (
    SELECT
        client_id,
        {%- for months in (3, 6) %}{% for way in ('credit', 'debit') %}
        count(*) FILTER (m{{ months }} AND type = '{{ way }}') AS {{ way }}_count_{{ months }}m,
        coalesce(sum(amount) FILTER (m{{ months }} AND type = '{{ way }}'), 0)
            AS {{ way }}_sum_{{ months }}m,
        {%- endfor %}{% endfor %}
        {%- for name, code in operations.items() %}
        count(*) FILTER (m6 AND operation {{ code }}) AS {{ name }}_count_6m,
        coalesce(sum(amount) FILTER (m6 AND operation {{ code }}), 0) AS {{ name }}_sum_6m,
        {%- endfor %}
        {%- for way in ('credit', 'debit') %}
        max(amount) FILTER (m6 AND type = '{{ way }}') AS largest_{{ way }}_6m,
        max(date) FILTER (type = '{{ way }}') AS last_{{ way }}_date,
        arg_max(amount, place) FILTER (type = '{{ way }}') AS last_{{ way }}_amount,
        {%- endfor %}
        max(date) AS last_transaction_date
    FROM booked
    GROUP BY client_id
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    {%- for months in (3, 6) %}{% for way in ('credit', 'debit') %}
    {%- set count, sum = way ~ '_count_' ~ months ~ 'm', way ~ '_sum_' ~ months ~ 'm' %}
    coalesce({{ count }}, 0) AS history_{{ count }},
    coalesce({{ sum }}, 0)::DECIMAL(24, 2) AS history_{{ sum }},
    -- Whole numbers: half a unit of the fourth digit rounds up, exactly.
    (((20000 * {{ sum }})::HUGEINT + {{ count }}) // nullif(2 * {{ count }}, 0))
    ::DECIMAL(18, 0) * 0.0001::DECIMAL(5, 4) AS history_{{ way }}_avg_{{ months }}m,
    {%- endfor %}{% endfor %}
    {%- for name in operations %}
    coalesce({{ name }}_count_6m, 0) AS history_{{ name }}_count_6m,
    coalesce({{ name }}_sum_6m, 0)::DECIMAL(24, 2) AS history_{{ name }}_sum_6m,
    {%- endfor %}
    {%- for way in ('credit', 'debit') %}
    largest_{{ way }}_6m AS history_largest_{{ way }}_6m,
    last_{{ way }}_date AS history_last_{{ way }}_date,
    last_{{ way }}_amount AS history_last_{{ way }}_amount,
    {%- endfor %}
    last_transaction_date AS history_last_transaction_date
FROM clients
LEFT JOIN history USING (client_id)
