-- The sessions of the days [from_day_no, to_day_no], nested as the export of Google Analytics nests them.
WITH page AS (
    SELECT [
        '/home', '/login', '/accounts/overview', '/accounts/statements', '/payments/transfer',
        '/cards', '/cards/gold', '/loans/mortgage', '/loans/mortgage/calculator', '/savings',
        '/invest/funds', '/branches', '/contact', '/help/faq', '/offers/switch'
    ] AS paths
),

visit AS (
    SELECT
        session.*,
        row_number() OVER (PARTITION BY day_no ORDER BY started, session_id) AS row_no,
        visitor.* EXCLUDE (device_id, activity, end_day_no),
        page.paths,
        8000 + (salted(session_id, 'pace') % 50000)::INTEGER AS pace
    FROM session
    INNER JOIN visitor USING (device_id)
    CROSS JOIN page
    WHERE session.day_no BETWEEN getvariable('from_day_no') AND getvariable('to_day_no')
)

SELECT
    day_no,
    row_no,
    session_id,
    to_json(struct_pack(
        "visitorId" := NULL::VARCHAR,
        "visitNumber" := visit_number,
        "visitId" := started,
        "visitStartTime" := started,
        "date" := strftime(day_of(day_no), '%Y%m%d'),
        "totals" := struct_pack(
            visits := 1,
            hits := hits,
            pageviews := hits - applied::INTEGER,
            "timeOnSite" := CASE WHEN hits > 1 THEN pace * (hits - 1) // 1000 END,
            bounces := CASE WHEN hits = 1 THEN 1 END,
            transactions := CASE WHEN applied THEN 1 END,
            "transactionRevenue" := NULL::BIGINT,
            "newVisits" := CASE WHEN visit_number = 1 THEN 1 END,
            "sessionQualityDim" := least(100, hits * 3)
        ),
        "trafficSource" := struct_pack(
            "referralPath" := CASE medium WHEN 'referral' THEN '/banks' END,
            campaign := campaign,
            source := source,
            medium := medium,
            keyword := CASE medium WHEN 'organic' THEN '(not provided)' END,
            "adContent" := NULL::VARCHAR,
            "isTrueDirect" := CASE WHEN source = '(direct)' THEN true END,
            "campaignCode" := NULL::VARCHAR
        ),
        "device" := struct_pack(
            browser := browser,
            "operatingSystem" := operating_system,
            "isMobile" := device_category <> 'desktop',
            "deviceCategory" := device_category
        ),
        "geoNetwork" := struct_pack(
            continent := CASE country WHEN '(not set)' THEN '(not set)' ELSE 'Europe' END,
            country := country,
            "region" := region,
            "city" := city
        ),
        "customDimensions" := [struct_pack("index" := 4, "value" := 'EMEA')],
        "hits" := list_transform(range(1, hits + 1), lambda n: struct_pack(
            "hitNumber" := n,
            "time" := pace * (n - 1),
            "hour" := hour(to_timestamp(started + pace * (n - 1) // 1000) AT TIME ZONE 'UTC'),
            "minute" := minute(to_timestamp(started + pace * (n - 1) // 1000) AT TIME ZONE 'UTC'),
            "isInteraction" := true,
            "isEntrance" := CASE WHEN n = 1 THEN true END,
            "isExit" := CASE WHEN n = hits THEN true END,
            referer := CASE WHEN source = '(direct)' THEN NULL ELSE 'https://www.' || source || '/' END,
            "page" := struct_pack(
                "pagePath" := CASE
                    WHEN applied AND n = hits THEN '/apply/thank-you'
                    WHEN n = 1 AND medium = 'cpc' THEN '/' || CASE campaign WHEN 'gold-card' THEN 'cards/gold' ELSE 'loans/mortgage' END
                    WHEN n = 1 AND medium = 'email' THEN '/offers/switch'
                    WHEN n = 1 THEN '/home'
                    ELSE paths[1 + (salted(session_id * 32 + n, 'page') % 15)::INTEGER]
                END,
                hostname := 'www.bank.example',
                "pageTitle" := 'Bank'
            ),
            "appInfo" := struct_pack(
                "screenName" := 'www.bank.example', "landingScreenName" := 'www.bank.example/home'
            ),
            "eventInfo" := CASE WHEN applied AND n = hits THEN struct_pack(
                "eventCategory" := 'Application', "eventAction" := 'Submit',
                "eventLabel" := ['Gold card', 'Mortgage', 'Savings account'][1 + (session_id % 3)::INTEGER],
                "eventValue" := NULL::BIGINT
            ) END,
            "transaction" := CASE WHEN applied AND n = hits THEN struct_pack(
                "transactionId" := 'A' || session_id::VARCHAR, "transactionRevenue" := NULL::BIGINT,
                "currencyCode" := 'EUR'
            ) END,
            "eCommerceAction" := struct_pack(
                "action_type" := CASE WHEN applied AND n = hits THEN '6' ELSE '0' END,
                "step" := 1,
                "option" := NULL::VARCHAR
            ),
            "product" := []::VARCHAR[],
            "type" := CASE WHEN applied AND n = hits THEN 'EVENT' ELSE 'PAGE' END,
            "dataSource" := 'web'
        )),
        "fullVisitorId" := full_visitor_id,
        "userId" := NULL::VARCHAR,
        "clientId" := NULL::VARCHAR,
        "channelGrouping" := channel_grouping,
        "socialEngagementType" := 'Not Socially Engaged'
    ))::VARCHAR AS line
FROM visit
