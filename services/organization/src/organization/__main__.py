from organization.main import main

main()
