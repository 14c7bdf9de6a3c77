CREATE TABLE transactions (
    trans_id serial NOT NULL,
    account_id integer NOT NULL,
    date timestamp NOT NULL,
    type varchar(10) NOT NULL,
    operation varchar(3) NOT NULL,
    amount numeric(18, 2) NOT NULL,
    balance numeric(18, 2) NOT NULL,
    recorded_at date NOT NULL
);
