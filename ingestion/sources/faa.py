"""The aircraft registry of the Federal Aviation Administration (public domain).

Its files hold names and addresses of private persons. None of these land: of a `personal` dataset only the
columns below do. Values are padded with blanks, and stay so.
"""

from ingestion.source import Dataset, Source, names

FAA = Source(
    "faa",
    (
        Dataset(
            "master",
            names(
                """n_number serial_number mfr_mdl_code eng_mfr_mdl year_mfr type_registrant country
                last_action_date cert_issue_date certification type_aircraft type_engine status_code
                mode_s_code air_worth_date expiration_date unique_id kit_mfr kit_model mode_s_code_hex"""
            ),
            needs=names("n_number mfr_mdl_code"),
            form="registered aircraft",
            personal=True,
        ),
        Dataset(
            "dereg",
            names(
                """n_number serial_number mfr_mdl_code status_code eng_mfr_mdl year_mfr certification
                country_mail air_worth_date cancel_date mode_s_code exp_country last_act_date cert_issue_date
                kit_mfr kit_model mode_s_code_hex"""
            ),
            needs=names("n_number mfr_mdl_code cancel_date"),
            form="deregistered aircraft",
            personal=True,
        ),
        Dataset(
            "acftref",
            names(
                """code mfr model type_acft type_eng ac_cat build_cert_ind no_eng no_seats ac_weight speed
                tc_data_sheet tc_data_holder"""
            ),
            needs=names("code mfr model type_acft type_eng"),
            form="aircraft models",
        ),
        # The rest of the archive, of which nothing lands.
        Dataset(
            "engine", names("code mfr model type horsepower thrust"), form="models of engines", lands=False
        ),
        Dataset(
            "docindex",
            names("type_collateral collateral party doc_id drdate"),
            form="documents of aircraft",
            lands=False,
        ),
        Dataset(
            "reserved",
            names("n_number registrant rsv_date exp_date purge_date"),
            form="reserved registrations",
            lands=False,
        ),
        Dataset(
            "dealer", names("certificate_number certificate_date"), form="dealers' certificates", lands=False
        ),
    ),
)
